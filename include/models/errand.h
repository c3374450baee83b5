/*
 * errand.h - a person, or a script, that types one command after the other
 * and waits after each until `kubectl rollout status` says done.
 */
#ifndef MODELS_ERRAND_H
#define MODELS_ERRAND_H
#include <stddef.h>

struct world;
struct meta;

/* What he does when the last command is rolled out; NULL: nothing. */
typedef void (*errand_done)(struct world *w, void *ctx);

/* Type the n commands (the words after kubectl, of w's arena) at `workload`,
 * which kubectl can roll out: the first now, each other one when the change
 * that the one before it made is rolled out completely, as seen by a watch.
 * Where that never comes, neither do the commands after it.  A command must
 * change the spec of the workload. */
void errand_start(struct world *w, const struct meta *workload,
                  const char *const *commands, size_t n, errand_done done,
                  void *ctx);

#endif
