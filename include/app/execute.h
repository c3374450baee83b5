/*
 * execute.h - what commands that run an experiment have in common.
 */
#ifndef APP_EXECUTE_H
#define APP_EXECUTE_H
#include "app/experiment.h"

/* Make *out, what is to be run, of the scenario that was read: other variants.
 * EXIT_DONE, or the exit code after an error. */
typedef enum exit_code vary_fn(struct app *app, const struct scenario *s,
                               struct scenario *out);

/* Load the scenario that the options name into *s and change it by vary (NULL:
 * it stays).  False, and the exit code in *code, after an error. */
bool execute_load(struct app *app, vary_fn *vary, struct scenario *s,
                  enum exit_code *code);

/* Run s into *e, and write the files that the options ask for.  False, and the
 * exit code, if there is nothing more to report. */
bool execute(struct app *app, const struct scenario *s, struct experiment *e,
             enum exit_code *code);

/* Do the options go with --shard, if that is given?  False after an error. */
bool execute_shard_fits(struct app *app, const struct scenario *s);

/* Say what the shard has done: "settings: shard 0 of 5: 7 of 7 replications in
 * 0.db"; then `more`. */
void execute_report_shard(struct app *app, const struct experiment *e,
                          const char *more);

/* Say on stderr what was read and plays no part; varied: parameters do. */
void execute_say_ignored(struct app *app, const struct scenario *s,
                         bool varied);

/* Say on stderr, if it was interrupted, where the part that is done stands. */
void execute_say_interrupted(struct app *app, const struct experiment *e);

/* The metrics of --metric A,B into out, which has room for all;
 * false after an error. */
bool execute_metrics(struct app *app, enum metric *out, size_t *n);

#endif
