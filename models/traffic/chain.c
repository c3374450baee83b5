/*
 * chain.c - why a request failed, told as a chain of causes.
 *
 * "sent from node-1 to api-7d4-x2k4p, whose process was told to stop at
 * 61.2 s and ended at 61.2 s; the rules of node-1 still listed it".  Times are
 * since the end of the warm-up.  Written when the failure is put down, from
 * what the process looks like then.
 */
#include "base/text.h"
#include "models/database.h"
#include "traffic_impl.h"

static void put_time(struct buf *b, const struct world *w, sim_time t)
{
    char room[32];

    buf_printf(b, "%s s", format_seconds(room, t - w->spec->warmup));
}

const char *traffic_node(const struct world *w, const struct ask *a)
{
    object_uid node = a->sender->places.items[a->place]->rules->node;

    return network_place(w, node);
}

static void put_end(struct buf *b, const struct world *w,
                    const struct process *p)
{
    if (p->told != SIM_NEVER) {
        buf_puts(b, " was told to stop at ");
        put_time(b, w, p->told);
        if (p->ended != SIM_NEVER)
            buf_puts(b, " and");
    }
    if (p->ended != SIM_NEVER) {
        buf_printf(b, " ended (%s) at ", process_end_names[p->end]);
        put_time(b, w, p->ended);
    }
}

/* Sent to a pod that cannot answer: what its process did. */
static void put_absent(struct buf *b, const struct world *w,
                       const struct ask *a)
{
    const struct process *p = a->server->process;

    buf_printf(b, "sent to %s, whose process", a->server->pod);
    if (p->told != SIM_NEVER || p->ended != SIM_NEVER) {
        put_end(b, w, p);
    } else {
        buf_puts(b, " started at ");
        put_time(b, w, p->started);
        buf_puts(b, " and does not listen yet");
    }
    buf_printf(b, "; the rules of %s listed the pod", traffic_node(w, a));
}

static void put_hang(struct buf *b, const struct world *w,
                     const struct ask *a)
{
    if (a->server) {
        put_absent(b, w, a);
        buf_puts(b, "; its network was gone, so nobody answered");
        return;
    }
    if (a->between) {
        buf_printf(b, "sent while the rules of %s were written: rejected no more, "
                      "and led to no pod yet, nor ever after",
                   traffic_node(w, a));
        return;
    }
    buf_printf(b, "no endpoint in the rules of %s, and the reject was not "
                  "told to the client", traffic_node(w, a));
}

/* Did the process close its listener, or this connection, before it had taken
 * the request?  It is there still, and would not have cut it. */
static bool is_unaccepted(const struct ask *a)
{
    return a->server->process->state == PROCESS_CLOSED;
}

static void put_reset(struct buf *b, const struct world *w,
                      const struct ask *a, const char *pod)
{
    if (is_unaccepted(a)) {
        buf_printf(b, "sent to %s, whose process had not taken it yet when it",
                   pod);
        put_end(b, w, a->server->process);
        buf_puts(b, " and closed its door");
        return;
    }
    buf_printf(b, "being served by %s when its process", pod);
    put_end(b, w, a->server->process);
}

const char *traffic_remark(const struct ask *a, enum cause cause)
{
    if (cause == CAUSE_HANG && !a->server && a->between)
        return "between two commits of a sync";
    if (cause == CAUSE_RESET && is_unaccepted(a))
        return "not taken yet";
    return NULL;
}

const char *traffic_chain(struct world *w, const struct ask *a,
                          enum cause cause)
{
    struct buf b = { 0 };
    const char *pod = server_pod(a->server);
    char *text;

    if (a->attempt > 0)
        buf_printf(&b, "attempt %d: ", a->attempt + 1);
    switch (cause) {
    case CAUSE_NO_ENDPOINT:
        buf_printf(&b, "no endpoint in the rules of %s", traffic_node(w, a));
        break;
    case CAUSE_REFUSED:
        put_absent(&b, w, a);
        break;
    case CAUSE_HANG:
        put_hang(&b, w, a);
        break;
    case CAUSE_RESET:
        put_reset(&b, w, a, pod);
        break;
    case CAUSE_TIMEOUT:
        buf_printf(&b, "no answer from %s in time", pod);
        break;
    case CAUSE_OVERLOAD:
        buf_printf(&b, "turned away by %s: its queue was full", pod);
        break;
    case CAUSE_ERROR:
        buf_printf(&b, "answered 5xx by %s, version %s", pod,
                   a->version->name);
        if (!database_readable(a->server->process))
            buf_puts(&b, ", which cannot read the schema of its database");
        break;
    case CAUSE_NONE:
    case CAUSE_COUNT:
        break;
    }
    text = arena_strdup(w->arena, b.text ? b.text : "");
    buf_free(&b);
    return text;
}
