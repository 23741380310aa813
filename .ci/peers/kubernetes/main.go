// A Kubernetes control plane for tests, without containers: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok,
// which plays the kubelets, and kubectl of the same version. One program, so that what they share is linked once.
//
//	control-plane <program> <its arguments…>
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

// kwok wants its configuration read into the context before its command exists.
func runKwok() error {
	// component-base puts a --version into the global flags, which cobra would add to kwok's own and then trip over.
	pflag.CommandLine = pflag.NewFlagSet("kwok", pflag.ExitOnError)
	first := pflag.NewFlagSet("global", pflag.ContinueOnError)
	first.ParseErrorsAllowlist.UnknownFlags = true
	first.Usage = func() {}
	var ctx context.Context = signals.SetupSignalContext()
	ctx, _ = kwoklog.InitFlags(ctx, first)
	ctx, err := kwokconfig.InitFlags(ctx, first)
	if err != nil {
		return err
	}
	command := kwok.NewCommand(ctx)
	command.PersistentFlags().AddFlagSet(first)
	return command.ExecuteContext(ctx)
}

// A server that a test started must not outlive the test, however that ends: the input's end is the server's too.
func endWithInput() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: control-plane etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kwok|kubectl <arguments>")
		os.Exit(2)
	}
	if os.Getenv("CONTROL_PLANE_ENDS_WITH_INPUT") != "" {
		go endWithInput()
	}
	program := os.Args[1]
	os.Args = os.Args[1:]
	var command *cobra.Command
	switch program {
	case "etcd":
		etcdmain.Main(os.Args)
		return
	case "kwok":
		if err := runKwok(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	case "kubectl":
		command = kubectl.NewDefaultKubectlCommand()
	case "kube-apiserver":
		command = apiserver.NewAPIServerCommand()
	case "kube-controller-manager":
		command = controllers.NewControllerManagerCommand()
	case "kube-scheduler":
		command = scheduler.NewSchedulerCommand()
	default:
		fmt.Fprintln(os.Stderr, "unknown program:", program)
		os.Exit(2)
	}
	os.Exit(cli.Run(command))
}
