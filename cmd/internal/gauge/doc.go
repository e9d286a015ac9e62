// Package gauge reads what benchmarks need to know of a machine and its processes: processor time, memory, load. It must not measure by itself.
package gauge
