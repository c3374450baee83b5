# tornado.gp - which parameter moves a metric: two bars each, its least value
# (light) and its greatest (dark), with whiskers.  Places are from 0 to 1.
# DATA: row, name; of the least value: end, low, high, place of the text, text,
# left (1); then of the greatest.
# Also ROWS, RANKS (1: one bar each, of coefficients), BASE, BASETEXT, WHAT, the
# ticks XN XAT1 XSAYS1 ...
load STYLE
@HEAD
set lmargin at screen LEFT; set rmargin at screen 1-30.0/W
set tmargin at screen 1-92.0/H; set bmargin at screen 58.0/H
set border 1; set grid xtics noytics; set ytics scale 0
set yrange [ROWS-0.5:-0.5]; set xrange [-0.2:1.2]; set xlabel WHAT
set xtics ()
do for [k=1:XN] { set xtics add (value('XSAYS'.k) value('XAT'.k)) }
set arrow 1 from BASE,graph 0 to BASE,graph 1 nohead lc rgb INK lw 1 front
set label 3 BASETEXT at BASE,graph 1 offset 0,0.6 center font S10 textcolor rgb INK front
near(b) = RANKS ? column(1) - 0.3 : column(1) + (b ? 0.02 : -0.36)
far(b) = RANKS ? column(1) + 0.3 : column(1) + (b ? 0.36 : -0.02)
mid(b) = (near(b) + far(b))/2
whole(c) = column(c+1) < column(c+2) ? column(c) : NaN
ends(c, left) = column(c+5) == left ? column(c+3) + (left ? -0.008 : 0.008) : NaN
plot DATA using (BASE):1:(BASE):3:(near(0)):(far(0)):ytic(2) with boxxyerror lc rgb (RANKS ? NEW_COLOUR : OLD), \
     DATA using (BASE):1:(BASE):9:(near(1)):(far(1)) with boxxyerror lc rgb NEW_COLOUR, \
     DATA using (whole(3)):(mid(0)):4:5 with xerrorbars pt -1 lw 1.2 lc rgb INK, \
     DATA using (whole(9)):(mid(1)):10:11 with xerrorbars pt -1 lw 1.2 lc rgb INK, \
     DATA using (ends(3,1)):(mid(0)):7 with labels right font S9 textcolor rgb GREY, \
     DATA using (ends(3,0)):(mid(0)):7 with labels left font S9 textcolor rgb GREY, \
     DATA using (ends(9,1)):(mid(1)):13 with labels right font S9 textcolor rgb GREY, \
     DATA using (ends(9,0)):(mid(1)):13 with labels left font S9 textcolor rgb GREY
unset output
