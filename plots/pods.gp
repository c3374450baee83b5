# pods.gp - what every pod was doing: a row per pod, coloured by state.
# DATA: row, pod, from, to (seconds), state.  Also ROWS, XMAX, XTICS, RELEASE
# (-1: none).
load STYLE
@HEAD
set lmargin at screen LEFT; set rmargin 3; set tmargin at screen 1-72.0/H; set bmargin at screen 92.0/H
set yrange [ROWS-0.4:-0.6]; set xrange [0:XMAX]; set xtics XTICS
set xlabel 'seconds since the end of the warm-up' offset 0,0.3
LETTERS = ROWS*14.0 > H-164 ? sprintf(',%.1f', 6*PX) : S9
set grid xtics noytics; set border 1; set ytics scale 0 font LETTERS
if (RELEASE >= 0) set arrow 1 from RELEASE,graph 0 to RELEASE,graph 1 nohead lc rgb INK lw 0.9 dt (4,3) front
array NAME[7] = ['ready, old', 'ready, new', 'pending', 'pulling image', 'starting', 'crashed', 'stopping']
array STATE[7] = ['old', 'new', 'pending', 'pulling', 'starting', 'failed', 'stopping']
step = W >= 760 ? 1.0 : (W - 30)/730.0
KEY = step < 1 ? sprintf(',%.1f', 8*PX*step) : S9
x = 20.0
do for [i=1:7] {
    set object (10+i) rect from screen x/W,10.0/H to screen (x+11)/W,22.0/H fc rgb value(STATE[i]) fs solid noborder
    set label (10+i) NAME[i] at screen (x+16)/W,16.0/H left font KEY textcolor rgb GREY
    x = x + step*(38 + 7.2*strlen(NAME[i]))
}
plot DATA using 3:1:3:4:($1-0.36):($1+0.36):(colour(strcol(5))):ytic(2) with boxxyerror lc rgb variable
unset output
