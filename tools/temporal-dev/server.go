package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	host        = "127.0.0.1"
	clusterName = "active"
	// clusterID only has to be the same at each start of the same databases.
	clusterID = "6a5b3a4e-5b0f-4d55-9d0f-2f7a5a1f6a10"
	// pollsPerSecond lifts the default of 20 per shard, which makes each dispatched task wait up to 50 ms on an idle
	// server of few shards.
	pollsPerSecond = 2000
)

var services = []primitives.ServiceName{
	primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
}

// server is a Temporal server and the address of its frontend.
type server struct {
	temporal.Server
	address string
}

func newServer(options options) (*server, error) {
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: options.logLevel}))
	store, err := openStore(options, logger)
	if err != nil {
		return nil, err
	}
	ports, err := choosePorts(options.port)
	if err != nil {
		return nil, err
	}
	address := func(service primitives.ServiceName) string {
		return net.JoinHostPort(host, strconv.Itoa(ports[service]))
	}
	settings := configuration(store, ports, address(primitives.FrontendService))
	hosts := make(map[primitives.ServiceName]static.Hosts, len(services))
	for _, service := range services {
		hosts[service] = static.SingleLocalHost(address(service))
	}
	built, err := temporal.NewServer(
		temporal.WithConfig(settings),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(tuning()),
	)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return &server{Server: built, address: address(primitives.FrontendService)}, nil
}

func configuration(store config.Persistence, ports map[primitives.ServiceName]int, frontend string) *config.Config {
	disabled := config.ArchivalNamespaceDefaults{
		History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
		Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
	}
	settings := &config.Config{
		Persistence: store,
		Services:    make(map[string]config.Service, len(services)),
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend, ClusterID: clusterID},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: disabled},
		PublicClient:      config.PublicClient{HostPort: frontend},
	}
	settings.Global.Membership.MaxJoinDuration = 30 * time.Second
	settings.Global.Membership.BroadcastAddress = host
	for _, service := range services {
		settings.Services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: ports[service], BindOnIP: host}}
	}
	return settings
}

// tuning makes a server of one machine answer fast and fairly; the figures behind it are in docs/benchmarks.md.
func tuning() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		dynamicconfig.TransferProcessorMaxPollRPS.Key():         pollsPerSecond,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():            pollsPerSecond,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key():       pollsPerSecond,
		dynamicconfig.OutboundProcessorMaxPollRPS.Key():         pollsPerSecond,
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		dynamicconfig.MatchingEnableFairness.Key():              true,
		// A development server tells nobody that it exists.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
		// The default of 10 a second is for clusters with many tenants; tests list workflows more often.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 1000,
	}
}

// choosePorts takes a free port for each service, and the wanted one, unless it is 0, for the frontend.
func choosePorts(frontend int) (map[primitives.ServiceName]int, error) {
	ports := make(map[primitives.ServiceName]int, len(services))
	for _, service := range services {
		port, err := freePort()
		if err != nil {
			return nil, fmt.Errorf("free port: %w", err)
		}
		ports[service] = port
	}
	if frontend != 0 {
		ports[primitives.FrontendService] = frontend
	}
	return ports, nil
}

// freePort returns a port that nobody listens on. One connection is made over it and closed by the server's side first,
// so that the kernel remembers the port for a minute and gives it to nobody else who asks for any port.
func freePort() (port int, err error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort(host, "0"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, listener.Close()) }()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	accepted, err := listener.Accept()
	if err != nil {
		return 0, err
	}
	if err := accepted.Close(); err != nil {
		return 0, err
	}
	_, text, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}
