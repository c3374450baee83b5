/*
 * narrate.h - a replication told in sentences.
 */
#ifndef APP_NARRATE_H
#define APP_NARRATE_H
#include "app/scenario.h"

/* Run one replication of variant v and print on app->out what happened from
 * the end of the warm-up on: what people did, what the controllers did about
 * it, when the pods came and went, which requests failed and why. */
void narrate(struct app *app, const struct scenario *s, size_t v,
             uint32_t replication);

#endif
