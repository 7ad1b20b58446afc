// Command containers checks, offline, the files that containers are made, composed and watched with:
//
//	containers compose FILE [OVERRIDE…]  with the loader of Docker Compose, all profiles; warnings are errors
//	containers dockerfile FILE           with BuildKit's converter and the checks that the file asks for
//	containers dashboard FILE            with Grafana's own types: unknown fields and wrong values are errors
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/opencontainers/go-digest"
	"github.com/sirupsen/logrus"
)

var checks = map[string]func(ctx context.Context, file string, overrides ...string) error{
	"compose":    compose,
	"dockerfile": dockerfile,
	"dashboard":  grafana,
}

func main() {
	if len(os.Args) < 3 || checks[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: containers (compose FILE [OVERRIDE…] | dockerfile FILE | dashboard FILE)")
		os.Exit(2)
	}
	if err := checks[os.Args[1]](context.Background(), os.Args[2], os.Args[3:]...); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[2], err)
		os.Exit(1)
	}
}

func compose(ctx context.Context, file string, overrides ...string) error {
	var said bytes.Buffer
	logrus.SetOutput(&said)
	options, err := cli.NewProjectOptions(
		append([]string{file}, overrides...),
		cli.WithWorkingDirectory(filepath.Dir(file)),
		cli.WithProfiles([]string{"*"}),
		cli.WithResolvedPaths(true),
		cli.WithConsistency(true),
	)
	if err != nil {
		return err
	}
	if _, err = options.LoadProject(ctx); err != nil {
		return err
	}
	if said.Len() > 0 {
		return errors.New(said.String())
	}
	return nil
}

func dockerfile(ctx context.Context, file string, _ ...string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	source := llb.NewSourceMap(nil, file, "Dockerfile", text)
	source.Definition = &llb.Definition{}
	results, err := dockerfile2llb.DockerfileLint(
		ctx, text, dockerfile2llb.ConvertOpt{SourceMap: source, MetaResolver: anyImage{}},
	)
	if err != nil {
		return err
	}
	if results.Error != nil {
		return errors.New(results.Error.Message)
	}
	var found []error
	for _, warning := range results.Warnings {
		found = append(found, fmt.Errorf("%s: %s", warning.RuleName, warning.Detail))
	}
	return errors.Join(found...)
}

// anyImage stands in for every base image: there is no registry to ask.
type anyImage struct{}

func (anyImage) ResolveImageConfig(
	_ context.Context, reference string, _ sourceresolver.Opt,
) (string, digest.Digest, []byte, error) {
	image := []byte(`{"architecture":"amd64","os":"linux"}`)
	return reference, digest.FromBytes(image), image, nil
}

func grafana(_ context.Context, file string, _ ...string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var board dashboard.Dashboard
	// Without any problem this is an empty list of them, which is not nil.
	if err := board.UnmarshalJSONStrict(text); err != nil && err.Error() != "" {
		return err
	}
	return board.Validate()
}
