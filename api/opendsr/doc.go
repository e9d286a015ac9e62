// Package opendsr owns the processor's side of OpenDSR 2.0: what controllers ask at /opendsr, with every answer signed. It must not call
// controllers back (the outbox does) or know how an answer's status comes about (models/opendsr does).
package opendsr
