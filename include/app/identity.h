/*
 * identity.h - what was simulated, as text: equal texts, equal results.
 *
 * Results are kept under keys of these texts, so a replication is computed
 * once whatever the files are called, whichever other strategies ran, and how
 * many replications were asked for; and a changed file never meets results of
 * the old one.
 */
#ifndef APP_IDENTITY_H
#define APP_IDENTITY_H
#include "app/scenario.h"

/* JSON of what the files of s say, apart from what is asked rather than
 * simulated: names, strategies, parameters, promises, seed, replications.
 * Keys are sorted, data files stand by their key. */
const char *identity_scenario(struct arena *a, const struct scenario *s);

/* The key of all that a replication of v depends on but its number, the seed
 * and MODEL_VERSION, in a. */
const char *identity_variant(struct arena *a, const struct variant *v);

/* The block of v's strategy and its patch as JSON, "{}" if none. */
const char *identity_strategy(struct arena *a, const struct variant *v);

/* {"surge":"25%"}: the parameters of v, in order of their names. */
const char *identity_settings(struct arena *a, const struct scenario *s,
                              const struct variant *v);

/* The text of the Scenario as the user wrote it, or of the first manifest. */
const char *identity_source(const struct scenario *s);

#endif
