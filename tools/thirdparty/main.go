// Command thirdparty prints the proto files that ours import, and that no
// module of this repository holds, into the folder named by its argument.
//
// Their text comes from the descriptors that their Go packages carry, so the
// module proxy is the only source and go.mod is the only pin.
package main

import (
	"fmt"
	"os"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/v2/protoprint"
	_ "google.golang.org/genproto/googleapis/api/annotations"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// files may be imported by our contract. Whatever they import themselves has
// to stand here too, but for google/protobuf, which buf knows.
var files = []string{
	"buf/validate/validate.proto",
	"google/api/annotations.proto",
	"google/api/field_behavior.proto",
	"google/api/http.proto",
	"google/rpc/status.proto",
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: thirdparty FOLDER")
		os.Exit(2)
	}
	if err := printAll(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "thirdparty:", err)
		os.Exit(1)
	}
}

func printAll(folder string) error {
	found := make([]protoreflect.FileDescriptor, 0, len(files))
	for _, path := range files {
		file, err := protoregistry.GlobalFiles.FindFileByPath(path)
		if err != nil {
			return fmt.Errorf("find %s: %w", path, err)
		}
		found = append(found, file)
	}
	return new(protoprint.Printer).PrintProtosToFileSystem(found, folder)
}
