// Package portal owns the pages of the people who have no account: the person who asks (form, status, verification, download) and the
// recipient who acknowledges a notice. Looking at a page changes nothing, pressing a button does; it must never show one person's data
// to another, nor say whether an address is known.
package portal
