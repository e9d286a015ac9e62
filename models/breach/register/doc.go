// Package register owns the record of one breach (Art. 33(5)): the events that make it, what may be noted when and by whom, the duties
// that follow with their clocks, and the alarms until each is done. It must not read a clock, send anything or decide for the DPO.
package register
