/* The ring of a stream: positions, wait flags, events, several receivers, the end, and a crash of any
 * process at any step. Checked by Tests/ShmToolTests/Streams/ModelTests.swift where spin is installed:
 *
 *   spin -a ring.pml && cc -O2 -o pan pan.c && ./pan -E -m100000 -noclaim && ./pan -E -a -m100000 -N whole
 *
 * Each statement is one atomic step, which is what sequential consistency gives. Numbers stand for bytes:
 * the byte at position p has the value p, so that a receiver sees whether what it takes is what was put
 * in. An event is a counter that a ring raises and a look takes down (eventfd). */

#define CAPACITY 2
#define TOTAL 3
#define RECEIVERS 2

byte data[CAPACITY];
byte position;                  /* the sender's */
byte taken[RECEIVERS];          /* the receivers' */
bool senderWaits;
bool receiverWaits[RECEIVERS];
bool space;                     /* the sender's event */
bool come[RECEIVERS];           /* the receivers' events */

bool ended;                     /* the message end, over every socket */
bool senderGone;                /* the sockets are closed */
bool receiverGone[RECEIVERS];
bool done[RECEIVERS];           /* the message done */
bool sent;                      /* the sender has succeeded */

/* What of the ring is free, by the slowest. */
inline look_for_room(free) {
  d_step {
    free = CAPACITY;
    i = 0;
    do
    :: i < RECEIVERS ->
       assert(taken[i] <= position && position - taken[i] <= CAPACITY);
       if
       :: CAPACITY - (position - taken[i]) < free -> free = CAPACITY - (position - taken[i])
       :: else
       fi;
       i++
    :: else -> break
    od;
    i = 0
  }
}

/* A receiver that is gone and has not said that it is done. */
#define LOST ((receiverGone[0] && !done[0]) || (receiverGone[1] && !done[1]))

/* Processes by their number: 0 the sender, 1 and 2 the receivers. */
bool alive[3] = true;

active proctype Sender() provided (alive[0]) {
  byte free, i;
  do
  :: position < TOTAL ->
     look_for_room(free);
     if
     :: free == 0 ->
        senderWaits = true;
        look_for_room(free);
        if
        :: free == 0 ->
           /* The wait: its event, or the end of a receiver. */
           if
           :: space -> space = false
           :: LOST -> goto gone
           fi
        :: else
        fi;
        senderWaits = false
     :: else ->
        data[position % CAPACITY] = position;
        position = position + 1;
        /* The wake: look at each flag, take it down, ring. */
        i = 0;
        do
        :: i < RECEIVERS ->
           if
           :: receiverWaits[i] -> receiverWaits[i] = false; come[i] = true
           :: else
           fi;
           i++
        :: else -> break
        od;
        i = 0
     fi
  :: else -> break
  od;
  ended = true;
  if
  :: done[0] && done[1] -> sent = true
  :: LOST
  fi;
gone:
  senderGone = true
}

active [RECEIVERS] proctype Receiver() provided (alive[_pid]) {
  /* What it needs before it takes any: one byte, or all that the ring holds. */
  byte own, seen, need = _pid, me = _pid - 1;
  /* What it has taken since it last looked whether the sender waits. */
  byte unlooked;
  do
  :: seen - own >= need || (ended && seen > own) ->
     assert(data[own % CAPACITY] == own);
     d_step { own++; taken[me] = own; unlooked++ }
     /* The sender is woken when the ring is free, as far as this receiver has seen, and not looked for
      * before so much has been taken. */
     if
     :: seen == own && unlooked >= CAPACITY ->
        unlooked = 0;
        if
        :: senderWaits -> senderWaits = false; space = true
        :: else
        fi
     :: else
     fi
  :: seen - own < need ->
     d_step { seen = position; assert(seen - own <= CAPACITY) }
     if
     :: seen - own >= need -> goto next
     :: ended && seen > own -> goto next
     :: ended && own == TOTAL -> break
     :: else
     fi;
     receiverWaits[me] = true;
     seen = position;
     if
     :: seen - own < need ->
        /* It may need more than is there, and the sender have room for it. */
        unlooked = 0;
        if
        :: senderWaits -> senderWaits = false; space = true
        :: else
        fi;
        /* The wait: its event, the end, or the sender's going. */
        if
        :: come[me] -> come[me] = false
        :: ended
        :: senderGone && !ended -> goto gone
        fi
     :: else
     fi;
     receiverWaits[me] = false;
next:
     skip
  od;
  assert(ended && own == TOTAL);
  done[me] = true;
gone:
  receiverGone[me] = true
}

/* kill -9 of one of them at any step, or of none: its sockets close, and it does nothing more. */
active proctype Killer() {
  if
  :: skip
  :: atomic { alive[0] = false; senderGone = true }
  :: atomic { alive[1] = false; receiverGone[0] = true }
  :: atomic { alive[2] = false; receiverGone[1] = true }
  fi
}

/* Nothing can go on any more: then all have ended. A lost wake-up would leave one waiting. */
active proctype Watch() {
  timeout -> assert(senderGone && receiverGone[0] && receiverGone[1])
}

/* Success only after the end, and when every receiver has everything. */
ltl whole { [] (sent -> (done[0] && done[1] && ended && position == TOTAL)) }
