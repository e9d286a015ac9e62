// Package pagetest owns how a page is judged in tests: in a browser with axe-core, by an HTML validator, and by what it loads. It is imported
// by tests only and must not know any page of Habeas.
package pagetest
