// Package propose owns the data map that is proposed for a live system: which tables are about people, whose row a row is, by which
// references rows are found, and how they can be erased. It must not read a system, and no sampled value enters what it returns.
//
// # How it decides
//
// People are the tables with an e-mail address of their own, or about people by their name or columns. From them ownership goes down
// references: a row that refers to a person's row is that person's. What names the member of staff in charge, or a company, does not
// make a row theirs, so that references of that sort are told in a comment and not walked. What an owned row refers to is found from
// it; a look-up table shares nothing, since everybody's rows lead to it.
//
// Owned rows are deleted when nothing that stays can refer to them, else their personal columns are masked by what the column takes.
package propose
