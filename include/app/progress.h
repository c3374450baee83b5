/*
 * progress.h - how far it is, on stderr.
 *
 * On a terminal one line that is drawn again, ten times a second at most and
 * only after half a second; elsewhere a line every 30 s.  Nothing with -q or
 * --no-progress.  The time that is left is judged from the pace so far.
 */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H
#include "app/cli.h"

struct progress {
    FILE *out;                  /* NULL: nobody is told */
    bool terminal;
    const char *command;
    double start, shown;        /* monotonic seconds */
    size_t total;               /* replications of all variants; may change */
};

/* Start the clock, with `total` to do. */
void progress_start(struct progress *p, const struct app *app, size_t total);

/* Tell that `done` of them are known, `found` of which were not computed now;
 * says something only when it is time. */
void progress_show(struct progress *p, size_t done, size_t found);

/* Clear the line. */
void progress_end(struct progress *p);

#endif
