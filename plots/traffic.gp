# traffic.gp - requests per second: answered by the old and the new version,
# and failed ones on top; marks above for what happened.
# DATA: second; means over WIDE seconds: answered by old, by new, failed.  Also
# MARKS (how many) and of
# each AT1 (second), LINE1, SIDE1 (1: the text goes to the left), SAYS1; LINES
# of marks, XMAX XTICS YMAX YTICS, NEW (name of the new version).
load STYLE
@HEAD
set xrange [0:XMAX]; set xtics XTICS; set xlabel 'seconds since the end of the warm-up'
set tmargin at screen 1 - (92.0 + 17*LINES)/H
set yrange [0:YMAX]; set ytics YTICS; set ylabel 'requests per second'
array NAME[3] = ['old version', 'version '.NEW, 'failed']
array COLOUR[3] = [OLD, NEW_COLOUR, FAILED]
array INKS[3] = [OLD_TEXT, NEW_TEXT, FAILED_TEXT]
x = 20.0
do for [i=1:3] {
    set object (10+i) rect from screen x/W,1-74.0/H to screen (x+12)/W,1-62.0/H fc rgb COLOUR[i] fs solid noborder
    set label (10+i) NAME[i] at screen (x+18)/W,1-68.0/H left font S10 textcolor rgb INKS[i]
    x = x + 48 + 7.4*strlen(NAME[i])
}
# Marks: a dashed line up to its text.
do for [i=1:MARKS] {
    at = value('AT'.i); y = 92.0 + 17*value('LINE'.i)
    set arrow (20+i) from first at, graph 0 to first at, screen 1-y/H nohead lc rgb INK lw 0.8 dt (4,3) front
    if (value('SIDE'.i) == 0) {
        set label (20+i) value('SAYS'.i) at first at, screen 1-(y+4)/H offset 0.5,0 left font S9 textcolor rgb INK front
    } else {
        set label (20+i) value('SAYS'.i) at first at, screen 1-(y+4)/H offset -0.5,0 right font S9 textcolor rgb INK front
    }
}
# The higher ones behind: an area between two equal curves
# would still show a rim.
# Columns overlap a little, lest seams show between them.
set boxwidth 1.1*WIDE
set style fill solid noborder
plot DATA using ($1+0.5*WIDE):($4 > 0 ? $2+$3+$4 : NaN) with boxes lc rgb FAILED, \
     DATA using ($1+0.5*WIDE):($3 > 0 ? $2+$3 : NaN) with boxes lc rgb NEW_COLOUR, \
     DATA using ($1+0.5*WIDE):($2 > 0 ? $2 : NaN) with boxes lc rgb OLD
unset output
