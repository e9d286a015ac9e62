package activities

import (
	"strings"

	"habeas/models"
)

// Links makes the addresses that mails point to. Base is the public address of the portal, without a slash at its end.
type Links struct{ Base string }

// On are the same links on a controller's own domain; without one they stay as they are.
func (l Links) On(host string) Links {
	if host == "" {
		return l
	}
	scheme, _, _ := strings.Cut(l.Base, "://")
	return Links{Base: scheme + "://" + host}
}

// Verify is the one-time link that proves control of an address.
func (l Links) Verify(token string) string { return l.Base + "/verify/" + token }

// Status is the page on which the person follows the request.
func (l Links) Status(token string) string { return l.Base + "/status/" + token }

// Package is the page from which a package is fetched.
func (l Links) Package(token string) string { return l.Base + "/package/" + token }

// Notice is the page on which a recipient answers.
func (l Links) Notice(token string) string { return l.Base + "/notices/" + token }

// Staff is a request in the console.
func (l Links) Staff(id models.ID) string { return l.Base + "/staff/requests/" + id.String() }

// Breach is a breach in the console.
func (l Links) Breach(id models.ID) string { return l.Base + "/staff/breaches/" + id.String() }

// BreachAnswer is the page on which a customer acknowledges that it was told of a breach.
func (l Links) BreachAnswer(token string) string { return l.Base + "/breaches/" + token }

// Recipient is a recipient in the console's register.
func (l Links) Recipient(id models.ID) string { return l.Base + "/staff/recipients/" + id.String() }

// StaffChange is a change of subprocessors in the console.
func (l Links) StaffChange(id models.ID) string { return l.Base + "/staff/changes/" + id.String() }

// Change is the page on which a customer objects to a change of subprocessors.
func (l Links) Change(token string) string { return l.Base + "/changes/" + token }

// Trust is the public page about subprocessors and documents.
func (l Links) Trust() string { return l.Base + "/trust" }

// Subscribe is the page on which an address is confirmed.
func (l Links) Subscribe(token string) string { return l.Base + "/trust/subscribe/" + token }

// Unsubscribe is the page that ends a subscription, also by one call of a mail program.
func (l Links) Unsubscribe(token string) string { return l.Base + "/trust/unsubscribe/" + token }

// ContractEnd is the end of a customer's contract in the console.
func (l Links) ContractEnd(id models.ID) string { return l.Base + "/staff/contracts/" + id.String() }

// Certificate is the certificate of an erased customer, by the link of its request.
func (l Links) Certificate(token string) string { return l.Base + "/certificates/" + token }

// Instruct is where a customer instructs: the request's page in the console.
func (l Links) Instruct(id models.ID) string { return l.Base + "/staff/requests/" + id.String() }
