// Package opendsr owns what is heard of OpenDSR 2.0 at /opendsr: what controllers ask this processor, with every answer signed, and what the processors
// of this controller call back. It must not call controllers back (the outbox does), know how an answer's status comes about (models/opendsr does), fetch
// a processor's certificate (its connector does) or take a callback's word for what was done.
package opendsr
