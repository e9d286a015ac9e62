package app

import "habeas/activities/connectors"

// Kinds are the kinds of system that Habeas can reach.
func Kinds() connectors.Registry { return registry }
