/*
 * toy_kubelet.h - the toy node with what libcheck says.
 */
#ifndef TOY_KUBELET_H
#define TOY_KUBELET_H
#include <check.h>

#include "toy_node.h"

/* What was logged since the last call. */
static inline void toy_expect(struct toy *t, const char *log)
{
    ck_assert_str_eq(t->log.text ? t->log.text : "", log);
    t->log.len = 0;
    if (t->log.text)
        t->log.text[0] = '\0';
}

#endif
