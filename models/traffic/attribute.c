/*
 * attribute.c - headers and cookies that requests carry.
 *
 * A client class says which share of its users has which value of a key; what
 * is left has none.  A user keeps his values for ever, and has the same ones
 * under every strategy; without users each request is a user of its own.
 */
#include <string.h>

#include "base/text.h"
#include "traffic_impl.h"

/* The value that the holder of u has of key; NULL if none. */
static const char *value_at_u(const struct client_spec *c, const char *key,
                              double u)
{
    for (size_t i = 0; i < c->nattributes; i++) {
        if (strcmp(c->attributes[i].key, key) != 0)
            continue;
        if (u < c->attributes[i].share)
            return c->attributes[i].value;
        u -= c->attributes[i].share;
    }
    return NULL;
}

bool ask_has(const struct ask *a, const char *key, const char *value)
{
    const struct sender *s = a->sender;
    const struct world *w = s->traffic->w;
    const char *has;
    uint64_t who;

    if (!s->spec || s->spec->clients.nattributes == 0)
        return false;
    who = s->users > 0 ? a->user : (uint64_t)a->i;
    has = value_at_u(&s->spec->clients, key,
                     stream_u01_at(w->spec->seed, PURPOSE_ATTRIBUTE,
                                   fnv64(s->entity, key, strlen(key)),
                                   w->replication, who));
    return has && strcmp(has, value) == 0;
}

double traffic_share(const struct world *w, const char *key,
                     const char *value)
{
    for (size_t i = 0; i < w->spec->ntraffic; i++) {
        const struct client_spec *c = &w->spec->traffic[i].clients;

        for (size_t k = 0; k < c->nattributes; k++)
            if (strcmp(c->attributes[k].key, key) == 0 &&
                strcmp(c->attributes[k].value, value) == 0)
                return c->attributes[k].share;
    }
    return 0;
}
