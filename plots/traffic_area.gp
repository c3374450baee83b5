# traffic_area.gp - requests per second: answered by the old and the new
# version, and failed ones on top.
# DATA: second, answered by old, by new, failed.  Also XMAX XTICS YMAX YTICS
# RELEASE (-1: none) NEW (name of the new version) T ST.
load STYLE
@HEAD
set xrange [0:XMAX]; set xtics XTICS; set xlabel 'seconds since the end of the warm-up'
set yrange [0:YMAX]; set ytics YTICS; set ylabel 'requests per second'
if (RELEASE >= 0) {
    set arrow 1 from RELEASE,0 to RELEASE,YMAX nohead lc rgb INK lw 0.9 dt (4,3) front
    set label 1 'release' at RELEASE,YMAX*0.97 offset 0.6,0 left font S10 textcolor rgb INK front
}
array NAME[3] = ['old version', 'version '.NEW, 'failed']
array COLOUR[3] = [OLD, NEW_COLOUR, FAILED]
array INKS[3] = [OLD_TEXT, NEW_TEXT, FAILED_TEXT]
do for [i=1:3] {
    x = 0.62 + 0.13*(i - 1)
    set object (10+i) rect from screen x,0.865 to screen x+0.012,0.885 fc rgb COLOUR[i] fs solid noborder
    set label (10+i) NAME[i] at screen x+0.017,0.875 left font S10 textcolor rgb INKS[i]
}
# One bar a second, the higher ones behind: an area between two equal curves
# would still show a rim.
set boxwidth 1
set style fill solid noborder
plot DATA using ($1+0.5):($4 > 0 ? $2+$3+$4 : NaN) with boxes lc rgb FAILED, \
     DATA using ($1+0.5):($3 > 0 ? $2+$3 : NaN) with boxes lc rgb NEW_COLOUR, \
     DATA using ($1+0.5):($2 > 0 ? $2 : NaN) with boxes lc rgb OLD
unset output
