/*
 * attribute.c - headers and cookies that requests carry.
 *
 * A client class says which share of its users has which value of a key; what
 * is left has none.  What no class speaks of a strategy may hand out, as an
 * edge proxy does that puts users into groups.  A user keeps his values for
 * ever, and has the same ones under every strategy; without users each request
 * is a user of its own.
 */
#include <string.h>

#include "base/text.h"
#include "traffic_impl.h"

/* Does the class say who has this key? */
static bool class_knows(const struct client_spec *c, const char *key)
{
    for (size_t i = 0; i < c->nattributes; i++)
        if (strcmp(c->attributes[i].key, key) == 0)
            return true;
    return false;
}

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

/* What a strategy gave out of key; NULL if nothing. */
static const struct handed *handed_of(const struct traffic *t,
                                      const char *key)
{
    for (size_t i = 0; i < t->handed.len; i++)
        if (strcmp(t->handed.items[i].key, key) == 0)
            return &t->handed.items[i];
    return NULL;
}

bool ask_has(const struct ask *a, const char *key, const char *value)
{
    const struct sender *s = a->sender;
    const struct world *w = s->traffic->w;
    const struct handed *handed = NULL;
    const char *has;
    uint64_t who;
    double u;

    if (!s->spec)
        return false;
    if (!class_knows(&s->spec->clients, key)) {
        handed = handed_of(s->traffic, key);
        if (!handed)
            return false;
    }
    who = s->users > 0 ? a->user : (uint64_t)a->i;
    u = stream_u01_at(world_users_seed(w), PURPOSE_ATTRIBUTE,
                      fnv64(s->entity, key, strlen(key)), w->replication,
                      who);
    has = !handed ? value_at_u(&s->spec->clients, key, u)
          : u < handed->share ? handed->value : NULL;
    return has && strcmp(has, value) == 0;
}

void traffic_hand_out(struct world *w, const char *key, const char *value,
                      double share)
{
    vec_push(w->arena, &w->traffic->handed,
             ((struct handed){ key, value, share }));
}

double traffic_share(const struct world *w, const char *key,
                     const char *value)
{
    const struct handed *handed = handed_of(w->traffic, key);

    for (size_t i = 0; i < w->spec->ntraffic; i++) {
        const struct client_spec *c = &w->spec->traffic[i].clients;

        for (size_t k = 0; k < c->nattributes; k++)
            if (strcmp(c->attributes[k].key, key) == 0 &&
                strcmp(c->attributes[k].value, value) == 0)
                return c->attributes[k].share;
    }
    return handed && strcmp(handed->value, value) == 0 ? handed->share : 0;
}
