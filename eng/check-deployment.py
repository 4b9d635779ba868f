"""Checks what kubernetes.yaml promises, and that it fits the Dockerfile beside it. Python, since Debian has a YAML reader for it."""
import re
import sys

import yaml

folder = sys.argv[1]
dockerfile = open(f"{folder}/Dockerfile", encoding="utf-8").read()
objects = {document["kind"]: document for document in yaml.safe_load_all(open(f"{folder}/kubernetes.yaml", encoding="utf-8"))}
spec = objects["Deployment"]["spec"]
pod = spec["template"]["spec"]
(container,) = pod["containers"]
labels = spec["template"]["metadata"]["labels"]
setting = lambda name: re.search(rf"{name}=(\S+)", dockerfile)[1]
user, group = map(int, re.search(r"^USER (\d+):(\d+)$", dockerfile, re.M).groups())
mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
volumes = {volume["name"]: volume for volume in pod["volumes"]}
environment = {variable["name"]: variable for variable in container["env"]}
(port,) = container["ports"]

checks = {
    "the kinds": set(objects) == {"Deployment", "Service", "PodDisruptionBudget"},
    "no namespace": all("namespace" not in document["metadata"] for document in objects.values()),
    "two replicas": spec["replicas"] == 2 and objects["PodDisruptionBudget"]["spec"]["minAvailable"] == 1,
    "the selectors": all(selector == labels for selector in (
        spec["selector"]["matchLabels"], objects["Service"]["spec"]["selector"], objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"])),
    "the user": (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"], pod["securityContext"]["fsGroup"]) == (user, group, group) and user > 0,
    "the pod's security": pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"},
    "no token": pod["automountServiceAccountToken"] is False,
    "the container's security": container["securityContext"] == {
        "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    "the probes": [container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")] == [
        {"path": f"/health/{path}", "port": port["name"]} for path in ("live", "live", "ready")],
    "the port": port["containerPort"] == int(setting("ASPNETCORE_HTTP_PORTS")) and objects["Service"]["spec"]["ports"][0]["targetPort"] == port["name"],
    "the time to stop": pod["terminationGracePeriodSeconds"] >= 30 + int(container["lifecycle"]["preStop"]["exec"]["command"][1]),
    "the resources": all({"cpu", "memory"} == set(container["resources"][kind]) for kind in ("requests", "limits")),
    "the volumes": {mount["name"] for mount in mounts.values()} == set(volumes),
    "the model": "persistentVolumeClaim" in volumes[mounts[setting("Segmentation__ModelPath").rsplit("/", 1)[0]]["name"]],
    "the key": volumes[mounts[setting("Segmentation__KeyPath").rsplit("/", 1)[0]]["name"]]["secret"]["defaultMode"] == 0o400,
    "no writing but to /tmp": [path for path, mount in mounts.items() if not mount.get("readOnly")] == ["/tmp"] and "emptyDir" in volumes["tmp"],
    "the API key": "secretKeyRef" in environment["Service__ApiKey"]["valueFrom"],
}
wrong = [name for name, is_right in checks.items() if not is_right]
print("not as it should be: " + ", ".join(wrong) if wrong else f"{len(checks)} checks")
sys.exit(bool(wrong))
