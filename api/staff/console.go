package staff

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/audit"
	"habeas/api/middleware"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store"
	"habeas/templates"
)

// Show renders a page of the console inside the frame; section is the part of the navigation that it belongs to.
type Show func(w http.ResponseWriter, r *http.Request, status int, section string, render func(*templates.Engine, templates.Frame) ([]byte, error)) error

// Deps is what the console needs.
type Deps struct {
	Store         *store.Store
	Show          Show
	Text          func(lang, key string) string                      // words of the catalogue, for documents
	Eval          func(line []byte) []byte                           // answers one case of the rules, as a line of JSON
	Keys          func() ([]byte, error)                             // the JWK set that verifies receipts and the ledger
	Audit         *audit.Audit                                       // of the ledger
	Graph         *datamap.Graph                                     // the data map; nil: none is loaded
	IdentityKinds []string                                           // further identifiers that a form offers
	Preview       func(context.Context) (templates.TrustView, error) // the public page with what is not published yet
	Now           func() time.Time
}

// Console serves the staff's and the customers' pages.
type Console struct{ Deps }

// New makes the console.
func New(d Deps) *Console { return &Console{Deps: d} }

// Routes adds the console's routes.
func (k *Console) Routes(e *echo.Echo) {
	e.GET("/staff", k.inbox)
	e.POST("/staff/search", k.search)
	e.GET("/staff/dashboard", k.dashboard)
	e.GET("/staff/reports", k.report)
	e.GET("/staff/reports/report.pdf", k.reportDocument)
	e.GET("/staff/reports/report.csv", k.reportTable)
	e.GET("/staff/holds", k.holds)
	e.GET("/staff/instructions", k.instructions)
	e.POST("/staff/instructions", k.instructStanding)
	e.POST("/staff/instructions/:id/end", k.endStanding)
	e.GET("/staff/map", k.dataMap)
	e.GET("/staff/ledger", k.ledgerPage)
	e.POST("/staff/ledger/verify", k.verifyLedger)
	e.GET("/staff/requests/:id/evidence.zip", k.evidence)
	e.POST("/staff/views", k.saveView)
	e.POST("/staff/views/:id/remove", k.removeView)
	e.POST("/staff/bulk", k.reviewBulk)
	e.POST("/staff/bulk/decisions", k.decideBulk)
	e.POST("/staff/reminders", k.reviewReminders)
	e.POST("/staff/reminders/send", k.sendReminders)
	e.GET("/staff/requests/new", k.fileForm)
	e.POST("/staff/requests", k.file)
	e.GET("/staff/requests/:id", k.request)
	e.POST("/staff/requests/:id/decisions", k.decide)
	e.GET("/staff/requests/:id/narrow", k.narrowForm)
	e.POST("/staff/requests/:id/narrow", k.narrow)
	e.POST("/staff/requests/:id/identity", k.reveal)
	e.POST("/staff/requests/:id/scan", k.orderScan)
	e.GET("/staff/requests/:id/groups/:no", k.group)
	e.POST("/staff/requests/:id/groups/:no/values", k.values)
	e.POST("/staff/requests/:id/groups/:no/decision", k.separate)
	e.POST("/staff/requests/:id/groups/:no/corrections", k.correct)
	e.POST("/staff/requests/:id/groups/:no/corrections/drop", k.dropCorrection)
	e.GET("/staff/requests/:id/receipts/:receipt", k.receipt)
	e.GET("/staff/breaches", k.breaches)
	e.POST("/staff/breaches", k.reportBreach)
	e.GET("/staff/breaches/new", k.breachForm)
	e.GET("/staff/breaches/register.json", k.registerFile)
	e.GET("/staff/breaches/register.csv", k.registerTable)
	e.GET("/staff/breaches/register.pdf", k.registerDocument)
	e.GET("/staff/breaches/:id", k.breach)
	e.POST("/staff/breaches/:id/events", k.noteBreach)
	e.GET("/staff/breaches/:id/notification", k.notification)
	e.GET("/staff/breaches/:id/letter", k.letterPage)
	e.POST("/staff/breaches/:id/letter", k.draftLetter)
	e.POST("/staff/breaches/:id/letter/test", k.testLetter)
	e.POST("/staff/breaches/:id/letter/approve", k.approveLetter)
	e.POST("/staff/breaches/:id/letter/settle", k.settleLetter)
	e.POST("/staff/breaches/:id/letter/retry", k.retryLetter)
	e.POST("/staff/breaches/:id/persons", k.addPersons)
	e.GET("/staff/tasks", k.tasks)
	e.POST("/staff/requests/:id/agents/:submission", k.decideAgent)
	e.POST("/staff/requests/:id/complaints/:complaint", k.answerComplaint)
	e.POST("/staff/requests/:id/agents/:submission/proof", k.fetchProof)
	e.GET("/staff/tasks/:id", k.task)
	e.POST("/staff/tasks/:id/decisions", k.decideTask)
	e.POST("/staff/tasks/:id/files", k.addTaskFile)
	e.POST("/staff/tasks/:id/files/:file/remove", k.removeTaskFile)
	e.POST("/staff/tasks/:id/files/:file/fetch", k.downloadTaskFile)
	e.GET("/staff/recipients", k.recipients)
	e.POST("/staff/recipients", k.addRecipient)
	e.GET("/staff/recipients/new", k.newRecipient)
	e.GET("/staff/recipients/register.csv", k.recipientsTable)
	e.GET("/staff/recipients/register.json", k.recipientsFile)
	e.GET("/staff/recipients/:id", k.recipient)
	e.POST("/staff/recipients/:id", k.saveRecipient)
	e.GET("/staff/recipients/:id/edit", k.editRecipient)
	k.trustRoutes(e)
	e.GET("/staff/changes", k.changes)
	e.POST("/staff/changes", k.draftChange)
	e.GET("/staff/changes/new", k.newChange)
	e.GET("/staff/changes/:id", k.change)
	e.POST("/staff/changes/:id/events", k.noteChange)
	e.POST("/staff/changes/:id/object", k.object)
	e.GET("/staff/contracts", k.contracts)
	e.POST("/staff/contracts", k.orderContract)
	e.GET("/staff/contracts/new", k.newContract)
	e.GET("/staff/contracts/:id", k.contract)
	e.POST("/staff/contracts/:id/events", k.noteContract)
	e.GET("/staff/contracts/:id/certificate.pdf", k.contractCertificate)
	e.GET("/staff/webhooks", k.webhooks)
	e.POST("/staff/webhooks", k.addWebhook)
	e.GET("/staff/webhooks/:id", k.webhook)
	e.POST("/staff/webhooks/:id/rotate", k.rotateWebhook)
	e.POST("/staff/webhooks/:id/switch", k.switchWebhook)
	e.POST("/staff/webhooks/:id/test", k.testWebhook)
	e.POST("/staff/webhooks/:id/messages/:message/replay", k.replayMessage)
	e.GET("/staff/keys", k.keys)
	e.POST("/staff/keys", k.addKey)
	e.POST("/staff/keys/:id/rotate", k.rotateKey)
	e.POST("/staff/keys/:id/revoke", k.revokeKey)
	e.GET("/staff/operations", k.operations)
	e.GET("/staff/rules", k.rulesPage)
	e.POST("/staff/rules", k.tryRules)
}

func caller(c echo.Context) models.Principal {
	return middleware.CallOf(c.Request().Context()).Principal
}

// show renders one page with its view.
func show[V any](k *Console, c echo.Context, status int, section string, page *templates.Page[V], view V) error {
	return k.Show(c.Response(), c.Request(), status, section, func(e *templates.Engine, f templates.Frame) ([]byte, error) { return page.Render(e, f, view) })
}
