using PermutedSegmentation.BuildTool;

// Run by the targets files in eng/. A failure is printed in MSBuild's own error format, so that it is a build error.
try
{
    switch (args)
    {
        case ["befriend", var source, var target, var friend, var internals]:
            FriendAssembly.Write(source, target, friend, File.ReadAllLines(internals));
            return 0;
        case ["patch-native", var source, var target, var version]:
            NativeLibraryPatch.Write(source, target, version);
            return 0;
        default:
            throw new BuildToolException("PS0000",
                "usage: befriend SOURCE TARGET FRIEND INTERNALS | patch-native SOURCE TARGET VERSION");
    }
}
catch (BuildToolException exception)
{
    Console.WriteLine($"eng : error {exception.Code}: {exception.Message}");
    return 1;
}
