// Package drp owns the business's side of the Data Rights Protocol 1.0: what authorised agents send to /drp/v1, in signed messages. It must not trust
// an agent that the operator's file does not name, nor take an agent's word for who a person is unless that file says so.
package drp
