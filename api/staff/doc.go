// Package staff owns the console: the inbox by legal date, manual tasks, one request with its plan, decisions and evidence,
// operations, and a page to try dates. It must show no personal data but the subject's identity after an explicit act, which is recorded
// first; what is allowed is the store's to say.
package staff
