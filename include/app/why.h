/*
 * why.h - why requests failed in one replication, and what would have saved
 * them.
 */
#ifndef APP_WHY_H
#define APP_WHY_H
#include "app/scenario.h"

/* Is metric one that counts failed requests: failed_requests (*cause: NULL) or
 * failed_CAUSE (*cause: its word, "refused")? */
bool why_metric(const char *metric, const char **cause);

/* Run one replication of variant v and print on app->out, for its failed
 * requests (cause not NULL: of that cause) in groups: the pod, who knew when
 * that it came or went, which failed meanwhile, and what would have saved
 * them. */
void why(struct app *app, const struct scenario *s, size_t v,
         uint32_t replication, const char *cause);

#endif
