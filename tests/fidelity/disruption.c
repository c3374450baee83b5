/*
 * disruption.c - evictions of recordings and of runs.
 *
 * Which pod is asked for first is luck, so requests are compared by their
 * answers: the k-th to be refused must be sent when the k-th recorded one was,
 * and so the k-th to be allowed.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "fidelity.h"
#include "io/csv.h"

#define END_MS 500.0            /* so near to the end nothing is missed */

/* ---- recorded --------------------------------------------------------------------- */

void disruption_recorded(struct arena *a, struct summary *s,
                         const struct value *v)
{
    const struct value *list = value_get(v, "evictions");

    for (size_t i = 0; list && i < list->len; i++) {
        const struct value *const *e = list->u.items[i]->u.items;

        vec_push(a, &s->evictions, ((struct eviction){
            strtod(value_text(e[0], "0"), NULL),
            atoi(value_text(e[2], "0")) }));
    }
}

/* ---- simulated --------------------------------------------------------------------- */

/* What kubectl drain says about a pod, as the API server's answer; 0: none. */
static int code_of(const char *message)
{
    if (strncmp(message, "eviction of pod", 15) == 0)
        return 201;
    if (strncmp(message, "error when evicting", 19) == 0)
        return 429;
    return strstr(message, " was gone") ? 404 : 0;
}

static int by_time(const void *a, const void *b)
{
    const struct eviction *x = a, *y = b;

    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

bool disruption_observe(struct arena *a, struct summary *s, const char *csv,
                        struct err_list *errors)
{
    struct csv_table t;
    struct map asked;           /* pod -> time of its last request */
    int time, object, message;

    if (csv_read_file(a, arena_printf(a, "%s/events.csv", csv), true, NULL,
                      &t, errors) != SIM_OK)
        return false;
    time = csv_column(&t, "time_s");
    object = csv_column(&t, "object");
    map_init(&asked, a);
    message = csv_column(&t, "message");
    for (size_t i = 0; i < t.len; i++) {
        const char *pod = csv_get(&t, i, (size_t)object);
        const char *text = csv_get(&t, i, (size_t)message);
        int code = code_of(text);
        const char *row = map_get(&asked, pod);

        if (strncmp(text, "evicting pod", 12) == 0)
            map_put(&asked, pod, (void *)csv_get(&t, i, (size_t)time));
        else if (code != 0 && row)
            vec_push(a, &s->evictions, ((struct eviction){
                strtod(row, NULL) * 1000, code }));
    }
    if (s->evictions.len > 0)
        qsort(s->evictions.items, s->evictions.len, sizeof(struct eviction),
              by_time);
    return true;
}

/* ---- comparing ------------------------------------------------------------------------ */

/* The k-th eviction with this answer, or NULL. */
static const struct eviction *kth(const struct summary *s, int code, size_t k)
{
    for (size_t i = 0; i < s->evictions.len; i++)
        if (s->evictions.items[i].code == code && k-- == 0)
            return &s->evictions.items[i];
    return NULL;
}

static const char *compare_code(struct arena *a, const struct summary *r,
                                const struct summary *s, int code,
                                int replicas)
{
    for (size_t k = 0;; k++) {
        const struct eviction *x = kth(r, code, k), *y = kth(s, code, k);

        if (!x && !y)
            return NULL;
        if (!y && r->observed_ms - x->at_ms > END_MS)
            return arena_printf(a, "eviction %zu with answer %d is missing, "
                                   "recorded at %.0f ms", k + 1, code,
                                x->at_ms);
        if (!x && r->observed_ms - y->at_ms > END_MS)
            return arena_printf(a, "eviction %zu with answer %d at %.0f ms, "
                                   "not recorded", k + 1, code, y->at_ms);
        if (x && y && !fidelity_near(x->at_ms, y->at_ms, replicas))
            return arena_printf(a, "eviction %zu with answer %d at %.0f ms, "
                                   "recorded %.0f ms", k + 1, code, y->at_ms,
                                x->at_ms);
    }
}

const char *disruption_compare(struct arena *a, const struct summary *recorded,
                               const struct summary *simulated, int replicas)
{
    static const int codes[] = { 201, 429, 404 };
    const char *why = NULL;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]) && !why; i++)
        why = compare_code(a, recorded, simulated, codes[i], replicas);
    return why;
}
