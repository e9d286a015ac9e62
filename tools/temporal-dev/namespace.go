package main

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

// namespacePatience is how long a new server may take until it serves its namespace.
const namespacePatience = 60 * time.Second

// ensureNamespace registers the namespace, unless it is there, and returns when the server serves it: a new one is known
// to each of the server's parts only a moment after its registration.
func ensureNamespace(ctx context.Context, address, name string, retention time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, namespacePatience)
	defer cancel()
	connection, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: name, Logger: quiet{}})
	if err != nil {
		return err
	}
	defer connection.Close()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for registered := false; ; {
		if !registered {
			registered, err = register(ctx, connection, name, retention)
		}
		if registered {
			if err = served(ctx, connection); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-poll.C:
		}
	}
}

func register(ctx context.Context, connection client.Client, name string, retention time.Duration) (bool, error) {
	_, err := connection.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        name,
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	var exists *serviceerror.NamespaceAlreadyExists
	if err == nil || errors.As(err, &exists) {
		return true, nil
	}
	return false, err
}

// served asks for a workflow that does not exist: an answer that it does not exist comes from a history shard that knows
// the namespace.
func served(ctx context.Context, connection client.Client) error {
	_, err := connection.DescribeWorkflowExecution(ctx, "temporal-dev-readiness", "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return nil
	}
	return err
}

// quiet drops the client's log: what fails here is returned.
type quiet struct{}

var _ log.Logger = quiet{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
