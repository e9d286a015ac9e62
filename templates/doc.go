// Package templates owns every word that Habeas says to people: the pages of the portal and the console and the mails, each
// a typed function over embedded templates that are parsed when the program starts. It must not read the database or the
// clock, choose whom to write to, or send anything; personal text goes in as models.Personal and is revealed only here.
package templates
