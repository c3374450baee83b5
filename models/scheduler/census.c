/*
 * census.c - how many pods match a selector, by node and by domain.
 *
 * A census is counted once, over all pods of all nodes, and then follows what
 * happens to them.  It holds as long as the nodes and their labels do.  A book
 * that is full is begun anew with the next cycle.
 *
 * Censuses last used come first, since pods of one template come together.
 */
#include "census_impl.h"

#include <string.h>

#define CENSUSES_MAX 128

struct census_book {
    struct arena *arena;        /* of the censuses */
    struct census *items[CENSUSES_MAX];
    size_t n;
};

/* ---- one census ---------------------------------------------------------- */

/* Does t select pods with these labels? */
static bool selects(struct census *t, const struct labels *labels)
{
    if (labels && t->found[0].labels == labels)
        return t->found[0].matches;
    if (!labels || t->found[1].labels != labels) {
        t->found[1].labels = labels;
        t->found[1].matches = selector_match(t->what.selector, labels);
    }
    t->found[2] = t->found[0];  /* the last one found comes first */
    t->found[0] = t->found[1];
    t->found[1] = t->found[2];
    return t->found[0].matches;
}

static bool matches(struct census *t, const struct placed *p)
{
    return selects(t, p->labels) &&
           (p->space == t->what.space ||
            strcmp(p->space, t->what.space) == 0);
}

static bool has_all_keys(const struct census_what *w, const struct node *n)
{
    for (size_t i = 0; i < w->nkeys; i++)
        if (!node_topology(n, w->keys[i]))
            return false;
    return true;
}

static struct domain *domain_at(struct arena *a, struct census *t,
                                const struct node *n, bool make)
{
    const char *value = node_topology(n, t->what.key);
    struct domain *d = value ? map_get(&t->domains, value) : NULL;

    if (value && !d && make) {
        d = arena_make(a, struct domain);
        map_put(&t->domains, arena_strdup(a, value), d);
    }
    return d;
}

static void add(struct census *t, size_t slot, int by)
{
    t->pods[slot] += by;
    if (t->counts[slot])
        t->domain[slot]->pods += by;
}

static void count_pods(struct census *t, const struct sched_node *n)
{
    for (size_t i = 0; i < n->pods.len; i++)
        if (!n->pods.items[i].deleting && matches(t, &n->pods.items[i]))
            add(t, n->slot, 1);
}

static struct census *count(struct arena *a, const struct sched_cycle *c,
                           const struct census_what *what)
{
    struct census *t = arena_make(a, struct census);

    t->what = *what;
    map_init(&t->domains, a);
    t->domain = arena_many(a, struct domain *, c->nnodes);
    t->counts = arena_many(a, bool, c->nnodes);
    t->pods = arena_many(a, int32_t, c->nnodes);
    for (size_t i = 0; i < c->nnodes; i++) {
        struct sched_node *n = c->nodes[i];

        n->slot = i;
        t->counts[i] = (!what->spec || node_matches(what->spec, &n->node)) &&
                       has_all_keys(what, &n->node) &&
                       domain_at(a, t, &n->node, true);
    }
    for (size_t i = 0; i < c->nnodes; i++) {
        t->domain[i] = domain_at(a, t, &c->nodes[i]->node, false);
        count_pods(t, c->nodes[i]);
    }
    return t;
}

/* ---- the book ----------------------------------------------------------- */

struct census_book *census_book_new(struct arena *owner)
{
    struct census_book *b = arena_make(owner, struct census_book);

    b->arena = arena_under(owner);
    return b;
}

void census_book_clear(struct census_book *b)
{
    if (b->n > 0)
        arena_reset(b->arena);
    b->n = 0;
}

void census_book_begin(struct census_book *b)
{
    if (b->n == CENSUSES_MAX)
        census_book_clear(b);
}

void census_book_add(struct census_book *b, const struct sched_node *n,
                    const struct placed *p, int by)
{
    for (size_t i = 0; i < b->n; i++)
        if (matches(b->items[i], p))
            add(b->items[i], n->slot, by);
}

static bool same_keys(const struct census_what *a, const struct census_what *b)
{
    if (a->nkeys != b->nkeys)
        return false;
    for (size_t i = 0; i < a->nkeys; i++)
        if (strcmp(a->keys[i], b->keys[i]) != 0)
            return false;
    return true;
}

static bool same(const struct census_what *a, const struct census_what *b)
{
    return a->spec == b->spec && strcmp(a->key, b->key) == 0 &&
           selector_equal(a->selector, b->selector) &&
           strcmp(a->space, b->space) == 0 && same_keys(a, b);
}

/* A copy that needs nothing of a cycle's scratch. */
static struct census_what kept(struct arena *a, const struct census_what *w)
{
    struct census_what k = *w;
    const char **keys = arena_many(a, const char *, w->nkeys);

    k.space = arena_strdup(a, w->space);
    k.key = arena_strdup(a, w->key);
    k.selector = selector_copy(a, w->selector);
    for (size_t i = 0; i < w->nkeys; i++)
        keys[i] = arena_strdup(a, w->keys[i]);
    k.keys = keys;
    return k;
}

static void bring_forward(struct census_book *b, size_t i)
{
    struct census *t = b->items[i];

    memmove(&b->items[1], &b->items[0], i * sizeof(b->items[0]));
    b->items[0] = t;
}

struct census *census_find(const struct sched_cycle *c,
                         const struct census_what *what)
{
    struct census_book *b = c->censuses;
    struct census_what own;

    for (size_t i = 0; b && i < b->n; i++)
        if (same(&b->items[i]->what, what)) {
            bring_forward(b, i);
            return b->items[0];
        }
    if (!b || b->n == CENSUSES_MAX)
        return count(c->arena, c, what);
    own = kept(b->arena, what);
    b->items[b->n++] = count(b->arena, c, &own);
    bring_forward(b, b->n - 1);
    return b->items[0];
}
