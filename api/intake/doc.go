// Package intake owns the check of a submission's form, the same for the portal's page and the JSON interface: which right, which
// controller, whose address. It must not write anything; the store does.
package intake
