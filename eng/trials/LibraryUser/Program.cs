Console.WriteLine(Library.Exporter.Export(args[0], args[1]));
