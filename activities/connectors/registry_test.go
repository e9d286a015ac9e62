package connectors_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// plain is a system without capabilities that counts how often it was opened and closed.
type plain struct{ opened, closed int }

func (p *plain) Ping(context.Context) error { return nil }
func (p *plain) Close() error {
	p.closed++
	return nil
}

func (p *plain) open(context.Context, connectors.Config) (connectors.System, error) {
	p.opened++
	return p, nil
}

func TestSystemsAreOpenedOnceWhenAskedForAndClosedTogether(t *testing.T) {
	t.Parallel()
	p := &plain{}
	systems, err := connectors.NewSystems(connectors.Registry{"plain": p.open}, connectors.Config{Name: "a", Kind: "plain"}, connectors.Config{Name: "b", Kind: "plain"})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, systems.Names())
	require.Zero(t, p.opened)
	for range 2 {
		_, err = systems.System(t.Context(), "a")
		require.NoError(t, err)
	}
	require.Equal(t, 1, p.opened)
	require.NoError(t, systems.Close())
	require.Equal(t, 1, p.closed)
}

func TestUnknownKindsNamesAndDuplicatesAreRefused(t *testing.T) {
	t.Parallel()
	p := &plain{}
	registry := connectors.Registry{"plain": p.open}
	_, err := connectors.NewSystems(registry, connectors.Config{Name: "a", Kind: "oracle"})
	require.Equal(t, "unknown_system_kind", models.CodeOf(err))
	_, err = registry.Open(t.Context(), connectors.Config{Name: "a", Kind: "oracle"})
	require.Equal(t, "unknown_system_kind", models.CodeOf(err))
	_, err = connectors.NewSystems(registry, connectors.Config{Name: "a", Kind: "plain"}, connectors.Config{Name: "a", Kind: "plain"})
	require.Equal(t, "duplicate_system", models.CodeOf(err))
	systems, err := connectors.NewSystems(registry)
	require.NoError(t, err)
	_, err = systems.System(t.Context(), "a")
	require.Equal(t, "unknown_system", models.CodeOf(err))
}

func TestAMissingCapabilityIsUnsupportedAndNeverSuccess(t *testing.T) {
	t.Parallel()
	_, err := connectors.As[connectors.Eraser](&plain{}, "erase")
	require.Equal(t, models.Unsupported, models.KindOf(err))
	require.ErrorContains(t, err, "cannot erase; a person must do it")
}

func TestAConfigNeverPrintsItsSecrets(t *testing.T) {
	t.Parallel()
	cfg := connectors.Config{Name: "a", DSN: "postgres://u:secretword@h/d", Secret: []byte("secretbytes")}
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg)} {
		require.NotContains(t, text, "secretword")
		require.NotContains(t, text, "[115 101 99")
		require.NotContains(t, text, "0x73, 0x65, 0x63")
	}
}

func TestAnOrderFollowsTheStep(t *testing.T) {
	t.Parallel()
	keys := []datamap.Key{{datamap.Int(1)}}
	deleted := &datamap.Node{Collection: &datamap.Collection{Erase: datamap.EraseDelete}}
	require.True(t, connectors.Order(datamap.Step{Node: deleted}, keys).Delete)
	loosen := []datamap.Mask{{Field: "boss", Method: datamap.FieldNull}}
	order := connectors.Order(datamap.Step{Node: deleted, Loosen: loosen}, keys)
	require.Equal(t, loosen, order.Masks)
	require.False(t, order.Delete)
	masked := &datamap.Node{Collection: &datamap.Collection{}, Fields: []datamap.Field{{Name: "x", Identity: "email"}}}
	require.Equal(t, masked.Masks(), connectors.Order(datamap.Step{Node: masked}, keys).Masks)
}
