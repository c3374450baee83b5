/*
 * identity.c - the texts that name results.
 *
 * What is written differently and means the same (1m and 60s, a default given
 * or left out) has another key: it is computed again, which costs time and
 * mixes nothing.
 */
#include "app/identity.h"
#include <string.h>
#include "base/bug.h"
#include "base/text.h"
#include "io/key.h"
#include "scenario_impl.h"

/* What of a Scenario document changes no replication; slo enters through the
 * limits of a brownout, below. */
static const char *const asked[] = {
    "apiVersion", "kind", "metadata", "manifests", "strategies", "parameters",
    "objective", "slo", "expect", "lesson", "run.seed", "run.replications",
    "run.confidence"
};

static const char *take(struct arena *a, struct buf *b)
{
    const char *text = arena_strndup(a, b->text ? b->text : "", b->len);

    buf_free(b);
    return text;
}

static void put_root(struct buf *b, struct arena *a, const struct value *root)
{
    if (!root) {
        buf_puts(b, "{}");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        if (value_at(root, asked[i]))
            root = value_set(a, root, asked[i], NULL);
    value_canonical(b, root);
}

static void put_data(struct buf *b, const struct origin *o)
{
    buf_puts(b, "\"data\":[");
    for (size_t i = 0; i < o->ndata; i++)
        buf_printf(b, "%s\"%s\"", i ? "," : "", o->data[i]);
    buf_putc(b, ']');
}

const char *identity_scenario(struct arena *a, const struct scenario *s)
{
    const struct loader *l = s->loader;
    struct buf b = {0};

    buf_putc(&b, '{');
    put_data(&b, &(struct origin){ l->root, l->data.items, l->data.len });
    buf_puts(&b, ",\"objects\":[");
    for (size_t i = 0; i < l->objects.len; i++) {
        if (i)
            buf_putc(&b, ',');
        value_canonical(&b, l->objects.items[i].value);
    }
    buf_puts(&b, "],\"scenario\":");
    put_root(&b, a, l->root);
    buf_putc(&b, '}');
    return take(a, &b);
}

/* Names and units of the metrics: a replication that lacks one is not what is
 * asked for today. */
static void put_metrics(struct buf *b)
{
    buf_puts(b, "\"metrics\":[");
    for (int m = 0; m < METRIC_COUNT; m++)
        buf_printf(b, "%s\"%s %s\"", m ? "," : "",
                   metric_row((enum metric)m)->name,
                   metric_row((enum metric)m)->unit);
    buf_putc(b, ']');
}

static void put_actions(struct buf *b, const struct spec *spec)
{
    buf_puts(b, "\"actions\":[");
    for (size_t i = 0; i < spec->nactions; i++)
        for (size_t k = 0; k < spec->actions[i].ndocuments; k++) {
            value_canonical(b, spec->actions[i].documents[k]);
            buf_putc(b, ';');
        }
    buf_putc(b, ']');
}

/* "key":value, after a comma if it is not the first; nothing if there is no
 * value. */
static void put_key(struct buf *b, const char *key, const struct value *v)
{
    if (!v)
        return;
    buf_puts(b, b->len > 1 ? "," : "");
    buf_json(b, key);
    buf_putc(b, ':');
    value_canonical(b, v);
}

const char *identity_strategy(struct arena *a, const struct variant *v)
{
    struct buf b = {0};
    const struct strategy_spec *s = v->strategy;

    buf_putc(&b, '{');
    if (s) {
        put_key(&b, "patch", s->patch);
        put_key(&b, "waves", s->waves);
        put_key(&b, "bake", s->bake);
    }
    if (s && s->ops)
        put_key(&b, s->ops->name,
                s->given ? s->given : value_map(a, NULL, 0, NULL));
    buf_putc(&b, '}');
    return take(a, &b);
}

const char *identity_variant(struct arena *a, const struct variant *v)
{
    struct buf b = {0};
    const struct spec *spec = v->spec;
    char room[32];
    char *key = arena_alloc(a, KEY_ROOM);

    put_data(&b, v->origin);
    put_metrics(&b);
    put_actions(&b, spec);
    for (size_t i = 0; i < spec->nmanifests; i++)
        value_canonical(&b, spec->manifests[i].value);
    put_root(&b, a, v->origin->root);
    buf_puts(&b, identity_strategy(a, v));
    buf_printf(&b, "%s,%lld", format_real(room, spec->slo_error_share),
               (long long)spec->slo_latency);
    key_of(key, b.text, b.len);
    buf_free(&b);
    return key;
}

const char *identity_settings(struct arena *a, const struct scenario *s,
                              const struct variant *v)
{
    struct member *m = arena_many(a, struct member, s->nparameters);
    struct buf b = {0};

    if (!v->settings)
        return "{}";
    for (size_t k = 0; k < s->nparameters; k++)
        m[k] = (struct member){ .key = s->parameters[k].name,
                                .value = value_string(a, v->settings[k],
                                                      NULL) };
    value_canonical(&b, value_map(a, m, s->nparameters, NULL));
    return take(a, &b);
}

const char *identity_source(const struct scenario *s)
{
    const struct loader *l = s->loader;
    const struct value *v = l->root ? l->root
                            : l->objects.len ? l->objects.items[0].value
                                             : NULL;

    return v && v->mark.source ? v->mark.source->text : "";
}
