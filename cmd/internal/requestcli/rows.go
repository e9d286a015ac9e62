package requestcli

import (
	"context"
	"fmt"
	"io"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
)

// RowsCmd is `habeas request rows`.
type RowsCmd struct {
	Request
	Group  int  `arg:"" help:"Number of the group in the plan."`
	Values bool `help:"What is in them, too, as JSON; the ledger says who looked."`
	Most
}

// Run lists rows of a group of the plan.
func (cmd RowsCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, r, err := c.of(ctx, env, s, cmd.Request)
	if err != nil {
		return err
	}
	all, more, err := pages(cmd.Most, func(limit int, cursor string) ([]client.Row, string, error) {
		got, err := cmd.page(ctx, api, r.ID, limit, cursor)
		if err != nil {
			return nil, "", err
		}
		return got.Rows, got.Next, nil
	})
	if err != nil {
		return err
	}
	api.json = api.json || cmd.Values
	return list(api, "rows", all, more, "There is no row.", "NAME\tSTATUS\tSHARED\tVIA", func(w io.Writer, r client.Row) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Name, r.Status, r.Shared, r.Via)
	})
}

func (cmd RowsCmd) page(ctx context.Context, api *session, request string, limit int, cursor string) (*client.RowList, error) {
	if cmd.Values {
		got, err := api.GetRowValuesWithResponse(ctx, request, cmd.Group, &client.GetRowValuesParams{Limit: limit, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		return got.JSON200, nil
	}
	got, err := api.GetRowsWithResponse(ctx, request, cmd.Group, &client.GetRowsParams{Limit: limit, Cursor: cursor})
	if err != nil {
		return nil, err
	}
	return got.JSON200, nil
}
