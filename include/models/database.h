/*
 * database.h - what pods share outside of the cluster: connections to a
 * database, and the form of what is kept in it.
 */
#ifndef MODELS_DATABASE_H
#define MODELS_DATABASE_H
#include "models/process.h"

struct databases;
struct world;

/* The databases of w.  Processes come and go by the two calls below. */
struct databases *databases_new(struct world *w);

/* p is about to listen: it opens its connections and, if its image is the
 * first of a newer schema, brings the data into that form.  False if there
 * are not enough connections left: then it has none. */
bool database_open(struct world *w, struct process *p);

/* The run of p is over: its connections are free. */
void database_close(struct world *w, struct process *p);

/* Can p read all that is kept?  Without `schema`, yes. */
bool database_readable(const struct process *p);

#endif
