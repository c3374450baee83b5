/*
 * results.h - a results file opened by name, and its cells.
 */
#ifndef APP_RESULTS_H
#define APP_RESULTS_H
#include "app/cli.h"
#include "base/value.h"
#include "io/store.h"

/* A row of the table `cell`. */
struct result_cell {
    int64_t id, model_version;
    const char *scenario, *strategy, *params_json;
    const struct value *params; /* a map from names to texts */
    uint64_t seed;
    int64_t replications;
};

struct results {
    struct store *store;
    struct result_cell *cells;  /* in order of id */
    size_t ncells;
    const char *const *parameters;      /* names in any cell, each once */
    size_t nparameters;
};

/* Open the file at path, which must be there, to be read, or written.
 * EXIT_DONE, or the exit code after an error.  Close it with store_close(out->store). */
enum exit_code results_open(struct app *app, const char *path,
                            enum store_mode mode, struct results *out);

/* The text of a parameter in a cell; NULL if it has none. */
const char *results_setting(const struct result_cell *c, const char *name);

/* The exit code for what the store returned. */
enum exit_code results_exit(enum sim_code code);

#endif
