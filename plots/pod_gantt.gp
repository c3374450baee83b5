# pod_gantt.gp - what every pod was doing: a row per pod, coloured by state.
# DATA: row, pod, from, to (seconds), state.  Also ROWS XMAX XTICS RELEASE T ST.
H = ROWS < 8 ? 420 : ROWS > 60 ? 1200 : 260 + 20*ROWS
load STYLE
@HEAD
C_pending = PENDING; C_pulling = PULLING; C_starting = STARTING
C_ready_old = OLD; C_ready_new = NEW_COLOUR; C_terminating = STOPPING; C_crashed = FAILED
colour(state) = number(value('C_'.state))
set lmargin 24; set rmargin 3; set tmargin at screen 1-72.0/H; set bmargin at screen 96.0/H
set yrange [ROWS-0.4:-0.6]; set xrange [0:XMAX]; set xtics XTICS
set xlabel 'seconds since the end of the warm-up'
set grid xtics noytics; set border 1; set ytics scale 0 font S9
if (RELEASE >= 0) set arrow 1 from RELEASE,graph 0 to RELEASE,graph 1 nohead lc rgb INK lw 0.9 dt (4,3) front
array NAME[7] = ['ready, old', 'ready, new', 'pending', 'pulling image', 'starting', 'crashed', 'stopping']
array STATE[7] = ['ready_old', 'ready_new', 'pending', 'pulling', 'starting', 'crashed', 'terminating']
x = 0.02
do for [i=1:7] {
    set object (10+i) rect from screen x,14.0/H to screen x+0.012,26.0/H fc rgb value('C_'.STATE[i]) fs solid noborder
    set label (10+i) NAME[i] at screen x+0.017,20.0/H left font S9 textcolor rgb GREY
    x = x + 0.045 + 0.0078*strlen(NAME[i])
}
plot DATA using 3:1:3:4:($1-0.36):($1+0.36):(colour(strcol(5))):ytic(2) with boxxyerror lc rgb variable
unset output
