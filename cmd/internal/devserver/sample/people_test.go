package sample_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/devserver/sample"
	"habeas/models/plan"
)

func TestTheDemosErasureHasEveryKindOfRow(t *testing.T) {
	t.Parallel()
	c := shared(t)
	l := locate(t, c, c.People.Erasure)
	require.Equal(t, []string{
		"customs.declaration_items %d EU_UCC_51 2029-01-01",
		"customs.declarations 1 EU_UCC_51 2029-01-01",
		"documents.delivery_confirmations 1 NORDKAI_DEMO_3D 2026-11-23",
		"invoices.invoice_lines 2 DE_AO_147_BELEG 2034-01-01",
		"invoices.invoices 1 DE_AO_147_BELEG 2034-01-01",
		"invoices.payments 1 DE_AO_147_BELEG 2034-01-01",
	}, itemsOut(l.of(plan.ReasonHeld)))
	require.Equal(t, []string{"parties.addresses 1  "}, l.of(plan.ReasonShared))
	require.Empty(t, l.of(plan.ReasonAnchorMissing))
	require.Empty(t, l.of(plan.ReasonSharedHeld))
	free := strings.Join(l.of(plan.ReasonGround), "\n")
	for _, name := range []string{
		"parties.parties 2", "parties.addresses 1", "shipments.shipments 3", "tracking.events", "tracking.watchers 1", "logins.accounts 1", "logins.sessions 5",
		"logins.login_attempts 5", "marketing.contacts 1", "marketing.campaign_sends 7", "customs.declarations 1", "invoices.invoices 1", "documents.letters 2",
		"documents.delivery_confirmations 1", "shipments.handovers",
	} {
		require.Contains(t, free, name)
	}
}

func TestTheRequestLeftOpenHasHeldRowsAndAnAddressToDecide(t *testing.T) {
	t.Parallel()
	c := shared(t)
	l := locate(t, c, c.People.Housemate)
	held := strings.Join(l.of(plan.ReasonHeld), "\n")
	require.Contains(t, held, "customs.declarations 1 EU_UCC_51 2029-01-01")
	require.Contains(t, held, "invoices.invoices 1 DE_AO_147_BELEG 2034-01-01")
	require.Equal(t, []string{"parties.addresses 1  "}, l.of(plan.ReasonShared))
}

// itemsOut hides the number of items of a declaration, which follows from the goods.
func itemsOut(list []string) []string {
	for i := range list {
		list[i] = regexp.MustCompile(`^customs.declaration_items \d+`).ReplaceAllString(list[i], "customs.declaration_items %d")
	}
	return list
}

func TestAccessAndExportFindRichDataOfNobodyElse(t *testing.T) {
	t.Parallel()
	c := shared(t)
	for _, p := range []sample.Person{c.People.Access, c.People.Export} {
		l := locate(t, c, p)
		require.Len(t, l.names, 19, "every mapped collection has something: %v", l.names)
		require.Empty(t, l.of(plan.ReasonShared))
		require.Equal(t, 4, l.names["shipments.shipments"])
	}
}

func TestACustomersConsigneeIsOnlyInTheCustomersRows(t *testing.T) {
	t.Parallel()
	c := shared(t)
	l := locate(t, c, c.People.Consignee)
	require.Equal(t, 1, l.names["parties.parties"])
	require.Equal(t, 1, l.names["parties.addresses"])
	require.Equal(t, 2, l.names["shipments.shipments"])
	require.Equal(t, 2, l.names["documents.delivery_confirmations"])
	require.Positive(t, l.names["tracking.events"])
	require.Zero(t, l.names["invoices.invoices"]+l.names["customs.declarations"]+l.names["logins.accounts"])

	asNordkai := c.People.Consignee
	asNordkai.Controller = sample.Nordkai
	require.Empty(t, locate(t, c, asNordkai).names, "Nordkai itself holds nothing about the person")
}
