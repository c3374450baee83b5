/*
 * report.h - results for people and for machines.
 */
#ifndef APP_REPORT_H
#define APP_REPORT_H
#include "app/experiment.h"

struct comparison;

/* A table of one metric a line, one strategy a column. */
void report_run(struct app *app, const struct experiment *e);

/* The same, and the comparison (NULL: there is nothing to compare); of n
 * metrics, 0: the usual ones. */
void report_compare(struct app *app, const struct experiment *e,
                    const struct comparison *c, const enum metric *metrics,
                    size_t n);

/* Every cell of a sweep with the metrics given (n 0: the usual ones), and
 * which parameter matters. */
void report_sweep(struct app *app, const struct experiment *e,
                  const enum metric *metrics, size_t n);

/* What a search found, for people and as JSON. */
struct found;
void report_optimum(struct app *app, const struct experiment *e,
                    const struct found *f);
void report_optimum_json(struct app *app, const struct experiment *e,
                         const struct found *f);

/* The metrics that a scenario makes demands on (objective, its subject, slo),
 * and the usual ones after them.  out has room for all; returns how many. */
size_t report_asked(const struct scenario *s, enum metric *out);

/* The member "parameters" of a JSON object; nothing without settings. */
struct json;
void report_settings_json(struct json *j, const struct scenario *s,
                          const char *const *settings);

/* The member "refused": the cells that the API server refuses, and why; nothing
 * if there are no cells. */
void report_refused_json(struct json *j, const struct scenario *s);

/* Everything as one JSON object; c may be NULL. */
void report_json(struct app *app, const struct experiment *e,
                 const struct comparison *c);

/* CSV files of scenario-language section 4 being written into a folder. */
struct export;

/* Open all files for the results of s; NULL after an error.  A sweep has one
 * column per parameter, after `strategy`. */
struct export *export_open(struct app *app, const char *folder,
                           const struct scenario *s);

/* The sink that writes rows. */
void export_rows(void *ctx, const struct variant *v, const struct world *w);

/* Write metrics and summaries and put all files in place; or forget them. */
enum sim_code export_close(struct export *x, const struct experiment *e);
void export_abandon(struct export *x);

/* Figures (app/figure.h). */
struct figures;
struct figure_kind;

/* Are the options that figures have valid?  EXIT_USAGE if not. */
enum exit_code figures_check(struct app *app);

/* Begin figures: all of them or only one kind, drawn by gnuplot into
 * a folder in the format and size of app->o; or, if folder is NULL, as
 * characters on app->out.  cells: of a sweep or a search.  NULL after an
 * error. */
struct figures *figures_open(struct app *app, const char *folder,
                             const struct figure_kind *only, bool cells);
struct arena *figures_arena(struct figures *f);

/* The sink of recorded replications, and the end; found: of a search, or
 * NULL. */
void figures_rows(void *ctx, const struct variant *v, const struct world *w);
enum sim_code figures_draw(struct figures *f, const struct experiment *e,
                           const struct found *found);

/* The names of the pictures that were made. */
const char *const *figures_pictures(const struct figures *f, size_t *n);

/* Say on stderr that n of them are in the folder. */
void figures_say(const struct app *app, size_t n);

/* The kind called name; NULL after an error.  All kinds, a line each. */
const struct figure_kind *figures_find(struct app *app, const char *name);
void figures_list(FILE *out);

#endif
