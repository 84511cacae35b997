// The symbols of libcublas.so.12: each jumps through its slot, with every register and the stack as the caller left them, so no signature
// is needed and a call costs one jump more. forward.c fills the slots before anybody can call.

    .bss
    .balign 8
    .globl forward_slots
    .hidden forward_slots
    .type forward_slots, @object
forward_slots:
#define FUNCTION(name) slot_##name: .skip 8;
#include "functions.h"
#undef FUNCTION

    .text
#define FUNCTION(name) .globl name; .type name, @function; name: jmp *slot_##name(%rip); .size name, . - name;
#include "functions.h"
#undef FUNCTION

    .section .note.GNU-stack, "", @progbits
