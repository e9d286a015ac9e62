// Package rowbench measures locating, erasing and exporting one person's many rows, beside the statements that an expert would write for
// the same rows of the same database. It runs Habeas' own activities in a process of their own, whose peak memory it reports. It must not
// take a way that production lacks.
package rowbench
