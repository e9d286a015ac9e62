// Package walk owns the way from a person's identities to all rows that are theirs, across systems, and the judgement whether
// another person shares a row. It must not know a kind of system, decide what becomes of a row, or keep more than a batch of
// rows in memory.
//
// # Which rows are located
//
// A reference may be walked in the directions that the map permits: down, from the row referred to (a customer) to the rows that
// refer to it (their orders), or up (from an order to its address).
//
//   - Own rows carry one of the subject's identities in an identity field. E-mail addresses are compared without regard to case and
//     blanks, other identities exactly. The walk starts from them.
//   - Owned rows are own rows and, down permitted references, what refers to an owned row: orders, their items.
//   - Located rows are owned rows and whatever they lead to in permitted directions.
//   - A row that carries identities of a kind the subject has given, none of them the subject's, is another person's. It is not
//     located, and the walk does not pass through it.
//   - A row that carries only identities of kinds that the subject has not given (a telephone number, when only the e-mail address is
//     known) is the subject's if it is owned. If an owned row refers to it, it is located and shared, since nobody can say. If only
//     other rows lead to it, it is another person's.
//
// # Which rows are shared
//
// A shared row may be another person's as well, so it is neither erased nor disclosed without a decision. An own row is never
// shared through references: whoever else has a row that leads to it, it is the subject's. Of the other located rows are shared:
//
//  1. a row that refers to a row which is not the subject's (code other_person): a shipment whose consignee is another customer.
//     The other row is one that is not located, in a collection that an identity leads to, and that leads down to this row; or another
//     person's row to which this row leads up.
//  2. a row that refers to a row shared by 1: the documents of that shipment (shared_row).
//  3. a row to which a row that is not the subject's refers, when the reference may be walked up from there, or down to another
//     person's row from here (foreign_row): an address at which another customer lives, too.
//  4. a row to which a shared row leads (shared_row), except that a row shared only by 3 or 4 and not owned does not share the owned
//     rows that refer to it: my order is mine although it goes to an address that I share; the order of a guest to the same address,
//     which is found only through the address, is shared.
//  5. a row that carries the subject's identity in one field and another person's in another (other_identity), unless the map says
//     same_person: a message from me to you; or in an array of identities somebody else's beside the subject's, unless the map says
//     return_all_elements. What refers to it is shared by 2.
//  6. every row of a collection with shared: always (map).
//
// A reference with shared: ignore shares nothing. Rows of systems that no connector can search cannot share a row, nor can a row
// that no reference of the map describes. The check is one step long and errs to the safe side: a row that refers to an orphan, which
// belongs to nobody, is shared.
//
// # The walk of a controller
//
// When a customer's contract ends, Art. 28(3)(g), the subject is the controller: its rows are those whose controller the map says it is, by
// controller_column or for a whole dataset. They are all owned and none is own, so that 1, 2, 3 and 6 hold for them too, and a row of another
// controller takes the place of another person's: an address of the customer to which a shipment of another customer goes is shared. Of 4 there
// holds that a row to which a shared row refers is shared; what refers to a shared row says itself whose it is.
//
// It follows that a row that another person owns, by the same words, is never located without being shared. A property test holds
// the walk to this text on random schemas, and PostgreSQL to its consequences.
package walk
