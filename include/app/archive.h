/*
 * archive.h - the results file of an experiment (-o FILE).
 *
 * What the file has is read and not computed again; what is computed goes to
 * it through one writer thread, so that nobody waits for the disk.  Whatever
 * the writer has committed survives the death of the process.
 *
 * archive_put, archive_records and archive_failed may be called by any thread;
 * everything else is the first thread's.
 */
#ifndef APP_ARCHIVE_H
#define APP_ARCHIVE_H
#include "app/experiment.h"

struct archive;
struct world;

/* Open the file at path for the variants of s, and make it if need be; NULL
 * after an error.  all: rows of all replications are recorded, not only of
 * the first. */
struct archive *archive_open(struct app *app, const char *path,
                             const struct scenario *s, bool all);

/* One more than the last replication of variant v that the file has. */
size_t archive_count(struct archive *x, size_t v);

/* Fill in what the file has of replications 0 .. n - 1 of variant v: c has
 * room for them and knows none.  Counts what it found in *found.  To be called
 * before the first archive_put.  False after an error. */
bool archive_load(struct archive *x, size_t v, size_t n, struct column *c,
                  size_t *found);

/* Are rows of this replication to be recorded? */
bool archive_records(const struct archive *x, size_t replication);

/* Hand over a replication: metrics, digest, and, if archive_records, the rows
 * of w.  a, in which w lives, belongs to the archive from now on if rows are
 * recorded, else it stays the caller's; returns true if it was taken.  Waits
 * if the writer is far behind. */
bool archive_put(struct archive *x, size_t v, size_t replication,
                 const double *values, const struct world *w, struct arena *a,
                 int64_t wall_us);

/* Could something not be written?  Then computing more is of no use. */
bool archive_failed(struct archive *x);

/* Wait until everything is written, note how it ended, close the file.
 * SIM_SYSTEM if not all could be written; what was committed is kept. */
enum sim_code archive_close(struct archive *x, enum exit_code code);

#endif
